"""A server that speaks TLS alone, to many at a time. Usage: tls-server.py PORT CERTIFICATE KEY"""

import socketserver
import ssl
import sys


def main(port, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Visit(socketserver.BaseRequestHandler):
        def handle(self):
            try:
                with context.wrap_socket(self.request, server_side=True) as connection:
                    connection.recv(4096)
            except OSError:
                # What is no TLS gets an alert, from OpenSSL itself.
                pass

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    Server(("0.0.0.0", int(port)), Visit).serve_forever()


main(*sys.argv[1:])
