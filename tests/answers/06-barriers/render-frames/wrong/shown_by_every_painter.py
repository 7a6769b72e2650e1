# fails: frames-complete
# mistake: wrong-without-preemption
def render_frames(frames, parts, paint, show):
    pieces = [None] * parts
    barrier = threading.Barrier(parts)

    def painter(part):
        for frame in range(frames):
            pieces[part] = paint(frame, part)
            barrier.wait()
            show(list(pieces))
            barrier.wait()

    painters = [threading.Thread(target=painter, args=(part,)) for part in range(parts)]
    for thread in painters:
        thread.start()
    for thread in painters:
        thread.join()
