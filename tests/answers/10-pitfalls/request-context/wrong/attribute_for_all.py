# fails: context-own-card
# mistake: lost-update
class RequestContext:
    def __init__(self):
        self._card = None

    def card(self):
        return self._card

    def serve(self, card, work):
        self._card = card
        try:
            return work()
        finally:
            self._card = None
