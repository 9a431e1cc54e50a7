// A custom runtime in C++: an HTTP server on FC_SERVER_PORT, with nothing but sockets.
#include <arpa/inet.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

void serve(FILE* peer) {  // one keep-alive connection: requests follow each other
  char line[8192];
  for (size_t size = 0; fgets(line, sizeof line, peer);) {
    if (!strncasecmp(line, "content-length:", 15)) size = strtoul(line + 15, nullptr, 10);
    if (line[0] != '\r') continue;  // the empty line ends the headers
    std::string out = "Hello from C++! You sent: ", event(size, '\0');
    out.append(event.data(), fread(event.data(), 1, size, peer));
    out.insert(0, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(out.size()) + "\r\n\r\n");
    send(fileno(peer), out.data(), out.size(), 0);
    size = 0;
  }
  fclose(peer);
}

int main() {
  const sockaddr_in at{AF_INET, htons(in_port_t(atoi(getenv("FC_SERVER_PORT")))), {}, {}};
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(server, (const sockaddr*)&at, sizeof at) || listen(server, 64)) return 1;
  for (;;) std::thread(serve, fdopen(accept(server, nullptr, nullptr), "r")).detach();
}
