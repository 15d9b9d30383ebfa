"""The template's roles, held to: a caller may do what its role allows, as in the cloud, and what it did is noted."""
