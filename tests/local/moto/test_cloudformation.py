import pytest

from infra.local.moto.cloudformation import Secret


def test_a_secret_knows_its_arn_and_nothing_else():
    secret = Secret("arn:aws:secretsmanager:us-east-1:123456789012:secret:keys")
    assert secret.get_cfn_attribute("Arn") == secret.physical_resource_id
    with pytest.raises(NotImplementedError):
        secret.get_cfn_attribute("Value")
