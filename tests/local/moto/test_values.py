"""Quick values are moto's values."""

from hypothesis import given
from hypothesis import strategies as st
from moto.dynamodb.models.dynamo_type import DynamoType

from infra.local.moto import quick as values
from infra.local.moto.patching import replaced
from infra.local.moto.quick import make_moto_quick

make_moto_quick()

plain = st.one_of(
    st.builds(lambda text: {"S": text}, st.text(max_size=8)),
    st.builds(lambda number: {"N": str(number)}, st.integers(-99, 99)),
    st.builds(lambda held: {"BOOL": held}, st.booleans()),
    st.just({"NULL": True}),
    st.builds(lambda texts: {"SS": sorted(texts)}, st.sets(st.text(max_size=3), min_size=1)),
)
anything = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.builds(lambda many: {"L": many}, st.lists(inner, max_size=3)),
        st.builds(lambda named: {"M": named}, st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    ),
    max_leaves=6,
)


@given(anything, anything)
def test_they_compare_as_before(one, other):
    this, that = DynamoType(one), DynamoType(other)
    for pair in ((this, that), (this, DynamoType(one))):
        assert values.equal(*pair) == replaced(DynamoType, "__eq__")(*pair)
        assert values.unequal(*pair) == replaced(DynamoType, "__ne__")(*pair)


@given(anything)
def test_they_have_the_same_size_and_the_same_value_for_python(one):
    value = DynamoType(one)
    assert values.size(value) == replaced(DynamoType, "size")(value)
    assert values.cast_value(value) == replaced(DynamoType, "cast_value").fget(value)
