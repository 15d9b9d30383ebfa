const ws = new WebSocket('ws://localhost:8080/api/sessions/6281234567890/ws?token=YOUR_TOKEN');

ws.onmessage = (event) => {
  const data = JSON.parse(event.data);
  
  if (data.type === 'qr') {
    // Display QR code
    document.getElementById('qr').src = data.qr;
  }
  
  if (data.type === 'connected') {
    console.log('Session connected!');
  }
};
