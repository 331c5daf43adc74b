# SPDX-License-Identifier: GPL-2.0-or-later
"""A server that answers what it is told to and remembers what it was asked."""
import http.server
import json
import os
import socketserver
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "stub"

    def log_message(self, *_args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        query = {k: v[0] for k, v in urllib.parse.parse_qs(body, keep_blank_values=True).items()}
        stub = self.server.stub
        status, answer = stub.answer(query)
        text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


class Stub:
    """answers: action -> a list of answers, the last of which stays; an answer is (status, object)
    or a function of the request."""

    def __init__(self, address, answers):
        self.asked = []
        self.answers = {name: list(given) for name, given in answers.items()}
        with open(os.path.join(HERE, "api.json"), encoding="utf-8") as f:
            self.table = f.read()
        self.server = (UnixServer if isinstance(address, str) else TcpServer)(address, Handler)
        self.server.stub = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def answer(self, query):
        if query["Action"] == "DescribeActions":
            return 200, {"RequestId": "R-0", "Document": self.table}
        self.asked.append(query)
        given = self.answers[query["Action"]]
        found = given.pop(0) if len(given) > 1 else given[0]
        return found(query) if callable(found) else found

    def __enter__(self):
        return self

    def __exit__(self, *_args):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
