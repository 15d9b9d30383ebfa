import pytest

from infra.template import decided

CONDITIONS = {
    "Big": {"Fn::Equals": [{"Ref": "Size"}, "big"]},
    "Small": {"Fn::Not": [{"Condition": "Big"}]},
    "Both": {"Fn::And": [{"Condition": "Big"}, {"Condition": "Small"}]},
    "Either": {"Fn::Or": [{"Condition": "Big"}, {"Condition": "Small"}]},
    "None": {"Fn::Equals": [{"Ref": "Count"}, 0]},
}
PARAMETERS = {"Size": {"Type": "String", "Default": "small"}, "Count": {"Type": "Number", "Default": 0}}


def made(resources, **parameters):
    document = {"Parameters": PARAMETERS, "Conditions": CONDITIONS, "Rules": {}, "Resources": resources}
    return decided(document, parameters)["Resources"]


def standing(condition, **parameters):
    return "It" in made({"It": {"Type": "T", "Condition": condition}}, **parameters)


@pytest.mark.parametrize(
    ("condition", "usually", "if_big"),
    [("Big", False, True), ("Small", True, False), ("Both", False, False), ("Either", True, True)],
)
def test_what_a_condition_leaves_out_is_gone(condition, usually, if_big):
    assert (standing(condition), standing(condition, Size="big")) == (usually, if_big)


def test_a_number_is_the_same_in_words():
    assert standing("None")
    assert standing("None", Count="0")
    assert not standing("None", Count="3")


def test_a_choice_becomes_what_it_comes_to():
    asked = {"It": {"Type": "T", "Properties": {"X": {"Fn::If": ["Big", {"Fn::If": ["Small", 1, 2]}, 3]}}}}
    assert made(asked)["It"]["Properties"] == {"X": 3}
    assert made(asked, Size="big")["It"]["Properties"] == {"X": 2}


def test_nothing_leaves_no_hole():
    choice = {"Fn::If": ["Big", "big", {"Ref": "AWS::NoValue"}]}
    asked = {"It": {"Type": "T", "Properties": {"X": choice, "List": ["a", choice]}}}
    assert made(asked)["It"]["Properties"] == {"List": ["a"]}
    assert made(asked, Size="big")["It"]["Properties"] == {"X": "big", "List": ["a", "big"]}


def test_a_condition_of_another_kind_is_not_guessed():
    with pytest.raises(ValueError, match="Fn::Contains"):
        decided({"Conditions": {"C": {"Fn::Contains": []}}}, {})
