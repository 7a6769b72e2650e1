# fails: context-nothing-left
# mistake: wrong-without-preemption
class RequestContext:
    def __init__(self):
        self._own = threading.local()

    def card(self):
        return getattr(self._own, "card", None)

    def serve(self, card, work):
        self._own.card = card
        result = work()
        self._own.card = None
        return result
