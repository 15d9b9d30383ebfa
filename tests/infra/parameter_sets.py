"""Sets of parameters that the template is linted with and created with, beside its own defaults.

Each is a way to deploy that somebody chooses: EVERYTHING is all that has a price, FOREIGN all that a platform team
brings itself, ADOPTED goes on with a table and files that were restored, MOUNTED with files that are mounted elsewhere,
too.
"""

from tests.infra.cloud import ACCOUNT, PARAMETERS, REGION

EVERYTHING = PARAMETERS | {
    "PrivateWorkers": "yes",
    "OwnKey": "yes",
    "FileBackups": "yes",
    "Protected": "no",
    "WorkerCapacity": "FARGATE_SPOT",
    "ReservedConcurrency": "0",
    "AlarmEmail": "ops@example.com",
    "RequestsPerFiveMinutes": "2000",
    "DomainName": "whatsapp.example.com",
    "CertificateArn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/12345678-1234-1234-1234-{ACCOUNT}",
    "HostedZoneId": "Z0123456789",
}
NAMELESS = PARAMETERS | {"Edge": "none"}
NO_EDGE = NAMELESS | {
    "DomainName": "whatsapp.example.com",
    "SocketDomainName": "sockets.example.com",
    "CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    "HostedZoneId": "Z0123456789",
}
PRIVATE = PARAMETERS | {"PrivateWorkers": "yes", "VpcCidr": "172.16.8.0/22", "SubnetBits": "8"}
FOREIGN = PARAMETERS | {
    "VpcId": "vpc-0123456789abcdef0",
    "SubnetIdA": "subnet-0123456789abcdef0",
    "SubnetIdB": "subnet-0123456789abcdef1",
    "WorkerSecurityGroups": "sg-0123456789abcdef0,sg-0123456789abcdef1",
    "PrivateWorkers": "yes",
    "KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/12345678-1234-1234-1234-{ACCOUNT}",
    "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/platform/boundary",
    "RolePath": "/platform/switchboard/",
    "LogDays": "3653",
}
ADOPTED = PARAMETERS | {
    "AdoptedTable": "switchboard-dev-Table-RESTORED",
    "AdoptedStream": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/switchboard-dev-Table-RESTORED/stream/2026-11-28T10:00:00.000",
    "AdoptedFiles": "fs-0123456789abcdef0",
    "AdoptedPath": "/aws-backup-restore_2026-11-28T10-00-00/devices",
}
MOUNTED = ADOPTED | FOREIGN | {"AdoptedMounts": "yes"}
SETS = {
    "default": PARAMETERS,
    "everything": EVERYTHING,
    "private": PRIVATE,
    "foreign": FOREIGN,
    "no edge": NO_EDGE,
    "no edge, no name": NAMELESS,
    "adopted": ADOPTED,
    "mounted": MOUNTED,
}
