"""The Lambda package and the whole template: what is uploaded is made, and checked, here. It never speaks to AWS."""
