// Connect to WebSocket
const socket = io('http://localhost:3000');

// Join session room
socket.emit('join-session', 'my-session');

// Listen for events
socket.on('qr-code', (qrData) => {
  document.getElementById('qr-code').textContent = qrData.ascii;
});

socket.on('status-update', (statusData) => {
  console.log('Status:', statusData.status);
});

// Initialize session
fetch('/api/sessions/my-session/initialize-with-qr', {
  method: 'POST'
});
