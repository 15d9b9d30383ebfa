curl -X POST https://codeskytz-api-lajj0.sevalla.app/sessions \
  -H "Content-Type: application/json"
