# fails: frames-complete
# mistake: barrier-lapping
def render_frames(frames, parts, paint, show):
    pieces = [None] * parts
    barrier = threading.Barrier(parts + 1)

    def painter(part):
        for frame in range(frames):
            pieces[part] = paint(frame, part)
            barrier.wait()

    painters = [threading.Thread(target=painter, args=(part,)) for part in range(parts)]
    for thread in painters:
        thread.start()
    for frame in range(frames):
        barrier.wait()
        show(list(pieces))
    for thread in painters:
        thread.join()
