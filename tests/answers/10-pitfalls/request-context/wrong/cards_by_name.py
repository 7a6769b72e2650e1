# fails: context-own-card
# mistake: wrong-without-preemption
class RequestContext:
    def __init__(self):
        self.cards = {}

    def card(self):
        return self.cards.get(threading.current_thread().name)

    def serve(self, card, work):
        name = threading.current_thread().name
        self.cards[name] = card
        try:
            return work()
        finally:
            del self.cards[name]
