curl http://localhost:8080/api/sessions \
  -H "Authorization: Bearer $TOKEN" \
  | jq '.data.sessions[] | {id, connected, logged_in}'
