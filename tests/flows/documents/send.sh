# Wait for connection, then send
curl -X POST http://localhost:8080/api/sessions/$SESSION_ID/send \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "to": "628987654321",
    "message": "Hello from API!"
  }'
