// Client connects and joins session room
socket.emit('join-session', 'my-session-name');

// Listen for QR codes
socket.on('qr-code', (qrData) => {
  displayQRCode(qrData.base64, qrData.ascii);
});

// Listen for status updates
socket.on('status-update', (statusData) => {
  updateUI(statusData.status);
});
