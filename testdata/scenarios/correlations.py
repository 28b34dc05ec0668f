"""What correlations.sh records: `brute-force` or `beacon`, on loopback."""
import os
import signal
import socket
import subprocess
import sys
import time


def serve(port, answer):
    server = socket.create_server(("127.0.0.1", port))
    child = os.fork()
    if child == 0:
        while True:
            connection, _ = server.accept()
            connection.recv(64)
            answer(connection)
            connection.close()
    server.close()
    return child


def login(connection, attempts=[0]):
    attempts[0] += 1
    if attempts[0] < 12:
        connection.send(b"denied\n")
    else:
        subprocess.run(["sh", "-c", "id -u"], stdout=subprocess.DEVNULL, check=True)
        connection.send(b"welcome\n")
        connection.close()
        os._exit(0)


def connect(port, text):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.send(text)
        connection.recv(64)


if sys.argv[1] == "brute-force":
    serve(2222, login)
    for attempt in range(12):
        connect(2222, b"guess\n")
        time.sleep(0.05)
    os.wait()
else:
    server = serve(8443, lambda connection: connection.send(b"ok\n"))
    for _ in range(8):
        connect(8443, b"still here\n")
        time.sleep(0.5)
    os.kill(server, signal.SIGKILL)
