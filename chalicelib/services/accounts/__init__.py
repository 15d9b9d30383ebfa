"""Who may do what: tenants, users, API keys, logins, tickets."""
