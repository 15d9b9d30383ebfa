curl https://codeskytz-api-lajj0.sevalla.app/sessions
