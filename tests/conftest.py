"""What all tests share."""

from infra.local.descriptions import remember_descriptions

# Each test that makes a boto3 session would read megabytes of them.
remember_descriptions()
