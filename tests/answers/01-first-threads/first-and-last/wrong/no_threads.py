# fails: first-and-last-at-once
# mistake: accidentally-serial
def first_and_last(first, between, last):
    first()
    for function in between:
        function()
    last()
