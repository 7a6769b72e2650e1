def first_and_last(first, between, last):
    lit = threading.Event()

    def wait_and_call(function):
        lit.wait()
        function()

    helpers = [threading.Thread(target=wait_and_call, args=(function,)) for function in between]
    for helper in helpers:
        helper.start()
    first()
    lit.set()
    for helper in helpers:
        helper.join()
    last()
