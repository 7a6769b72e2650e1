import queue


def climb(climbers):
    barrier, reports = threading.Barrier(len(climbers)), queue.Queue()

    def on_the_way(climber):
        report = None
        try:
            climber(barrier.wait)
        except threading.BrokenBarrierError:
            pass
        except Exception as error:
            report = error
            barrier.abort()
        finally:
            reports.put(report)

    for climber in climbers[1:]:
        threading.Thread(target=on_the_way, args=(climber,)).start()
    threading.Thread(target=on_the_way, args=climbers[:1]).start()
    errors = [error for error in [reports.get() for _ in climbers] if error]
    if errors:
        raise errors[0]
