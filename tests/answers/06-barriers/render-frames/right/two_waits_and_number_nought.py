def render_frames(frames, parts, paint, show):
    pieces = {}
    barrier = threading.Barrier(parts)

    def painter(part):
        for frame in range(frames):
            pieces[frame, part] = paint(frame, part)
            if barrier.wait() == 0:
                show([pieces[frame, p] for p in range(parts)])
            barrier.wait()

    painters = [threading.Thread(target=painter, args=(part,)) for part in range(parts)]
    for thread in painters:
        thread.start()
    for thread in painters:
        thread.join()
