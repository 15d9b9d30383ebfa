from chalice.package import YAMLTemplateSerializer

from infra.template import TEMPLATE, load_yaml


def test_short_tags_take_their_long_form():
    text = "{A: !Ref B, C: !GetAtt D.Arn, E: !GetAtt [F, Arn], G: !Sub '${H}', I: !If [J, !Ref K, {L: !Ref M}]}"
    assert load_yaml(text) == {
        "A": {"Ref": "B"},
        "C": {"Fn::GetAtt": ["D", "Arn"]},
        "E": {"Fn::GetAtt": ["F", "Arn"]},
        "G": {"Fn::Sub": "${H}"},
        "I": {"Fn::If": ["J", {"Ref": "K"}, {"L": {"Ref": "M"}}]},
    }


def test_the_template_reads_as_chalice_reads_it():
    text = TEMPLATE.read_text()
    assert load_yaml(text) == YAMLTemplateSerializer().load_template(text)
