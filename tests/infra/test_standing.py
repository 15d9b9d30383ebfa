"""What a test learns of what is there."""

import boto3
from moto import mock_aws

from tests.infra.standing import THERE


def test_it_is_all_of_it_however_long_the_service_s_pages_are(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        efs = boto3.client("efs", region_name="eu-west-1")
        made = {efs.create_file_system(CreationToken=str(number))["FileSystemId"] for number in range(25)}
        assert THERE["AWS::EFS::FileSystem"].names(lambda _: efs) == made
