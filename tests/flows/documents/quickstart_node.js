const axios = require('axios');
const fs = require('fs');

async function createSession() {
  // Login
  const login = await axios.post('http://localhost:8080/api/auth/login', {
    username: 'admin',
    password: 'admin123'
  });
  const token = login.data.data.token;
  const headers = { Authorization: `Bearer ${token}` };

  // Create session
  const session = await axios.post('http://localhost:8080/api/sessions', {
    phone: '6281234567890',
    name: 'Node.js Bot'
  }, { headers });
  const sessionId = session.data.data.session.id;

  // Connect & Login
  await axios.post(`http://localhost:8080/api/sessions/${sessionId}/connect`, {}, { headers });
  await axios.post(`http://localhost:8080/api/sessions/${sessionId}/login`, {}, { headers });

  // Get QR code
  const qr = await axios.get(`http://localhost:8080/api/sessions/${sessionId}/qr`, { headers });
  const qrCode = qr.data.data.qr_code;
  const base64Data = qrCode.replace(/^data:image\/png;base64,/, '');
  
  fs.writeFileSync('qr-code.png', base64Data, 'base64');
  console.log('QR code saved to qr-code.png');
}

createSession();
