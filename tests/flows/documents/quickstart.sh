# 1. Login and get token
TOKEN=$(curl -s -X POST http://localhost:8080/api/auth/login \
  -H "Content-Type: application/json" \
  -d '{"username":"admin","password":"admin123"}' \
  | jq -r '.data.token')

# 2. Create new session
SESSION_ID=$(curl -s -X POST http://localhost:8080/api/sessions \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"phone":"6281234567890","name":"My Session"}' \
  | jq -r '.data.session.id')

# 3. Connect session
curl -X POST http://localhost:8080/api/sessions/$SESSION_ID/connect \
  -H "Authorization: Bearer $TOKEN"

# 4. Login to get QR
curl -X POST http://localhost:8080/api/sessions/$SESSION_ID/login \
  -H "Authorization: Bearer $TOKEN"

# 5. Get QR code and save to file
curl -X GET http://localhost:8080/api/sessions/$SESSION_ID/qr \
  -H "Authorization: Bearer $TOKEN" \
  | jq -r '.data.qr_code' \
  | sed 's/data:image\/png;base64,//' \
  | base64 -d > qr-code.png

echo "QR Code saved to qr-code.png - scan it now!"
open qr-code.png  # macOS
# xdg-open qr-code.png  # Linux
