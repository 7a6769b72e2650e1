# fails: context-own-card
# mistake: lost-update
current = None


class RequestContext:
    def __init__(self):
        pass

    def card(self):
        return current

    def serve(self, card, work):
        global current
        current = card
        try:
            return work()
        finally:
            current = None
