def first_answer(mirrors, fetch):
    answers, errors = [], []
    changed = threading.Condition()

    def ask(mirror):
        try:
            answer = fetch(mirror)
        except Exception as error:
            with changed:
                errors.append(error)
                changed.notify()
        else:
            with changed:
                answers.append(answer)
                changed.notify()

    for mirror in mirrors:
        threading.Thread(target=ask, args=(mirror,)).start()
    with changed:
        changed.wait_for(lambda: answers or len(errors) == len(mirrors))
        if answers:
            return answers[0]
        raise errors[0]
