fetch('https://codeskytz-api-lajj0.sevalla.app/sessions', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' }
})
  .then(res => res.json())
  .then(data => {
    console.log('Session ID:', data.sessionId);
    console.log('QR Code:', data.qrCode);
  })
  .catch(console.error);
