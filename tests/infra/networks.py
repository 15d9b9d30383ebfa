"""A network that stands already, as a platform team brings it."""


def a_network(ec2, region):
    """Make a VPC with two subnets and two security groups; return the parameters that name them."""
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.99.{number}.0/24", AvailabilityZone=f"{region}{zone}")
        for number, zone in enumerate("ab")
    ]
    groups = [ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc) for name in ("one", "other")]
    return {
        "VpcId": vpc,
        "SubnetIdA": subnets[0]["Subnet"]["SubnetId"],
        "SubnetIdB": subnets[1]["Subnet"]["SubnetId"],
        "WorkerSecurityGroups": ",".join(one["GroupId"] for one in groups),
    }
