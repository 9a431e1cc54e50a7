// The floor: a bare libuv + llhttp server that answers every request with the same bytes. One loop
// a thread, SO_REUSEPORT, one read buffer a loop, no allocation per request.
//
//   hello_server PORT THREADS      FC_SERVER_PORT wins over PORT, so that it also serves as the
//                                  `bootstrap` of a custom runtime and as nginx's upstream
#include <llhttp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\nhello";

struct Client {
  uv_tcp_t tcp;
  uv_write_t write;
  llhttp_t parser;
};

llhttp_settings_t settings;
thread_local char read_buffer[65536];

void free_client(uv_handle_t* handle) { delete static_cast<Client*>(handle->data); }

int on_message_complete(llhttp_t* parser) {
  auto* client = static_cast<Client*>(parser->data);
  uv_buf_t answer = uv_buf_init(const_cast<char*>(kAnswer.data()), kAnswer.size());
  auto* stream = reinterpret_cast<uv_stream_t*>(&client->tcp);
  if (uv_try_write(stream, &answer, 1) < 0) {
    uv_write(&client->write, stream, &answer, 1, nullptr);
  }
  return 0;
}

void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  auto* client = static_cast<Client*>(stream->data);
  const bool bad = size < 0 || llhttp_execute(&client->parser, buffer->base,
                                              static_cast<std::size_t>(size)) != HPE_OK;
  if (bad && uv_is_closing(reinterpret_cast<uv_handle_t*>(stream)) == 0) {
    uv_close(reinterpret_cast<uv_handle_t*>(stream), free_client);
  }
}

void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  auto* client = new Client{};
  uv_tcp_init(listener->loop, &client->tcp);
  client->tcp.data = client;
  llhttp_init(&client->parser, HTTP_REQUEST, &settings);
  client->parser.data = client;
  auto* stream = reinterpret_cast<uv_stream_t*>(&client->tcp);
  uv_accept(listener, stream);
  uv_tcp_nodelay(&client->tcp, 1);
  uv_read_start(
      stream, [](uv_handle_t*, std::size_t, uv_buf_t* b) { *b = uv_buf_init(read_buffer, 65536); },
      on_read);
}

void serve(std::uint16_t port) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("bind");
    std::_Exit(1);
  }
  uv_tcp_t listener;
  uv_tcp_init(&loop, &listener);
  uv_tcp_open(&listener, fd);
  uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 1024, on_connection);
  uv_run(&loop, UV_RUN_DEFAULT);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  llhttp_settings_init(&settings);
  settings.on_message_complete = on_message_complete;
  const char* given = std::getenv("FC_SERVER_PORT");
  const char* port = given != nullptr ? given : (argc > 1 ? argv[1] : "9000");
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back([port] { serve(static_cast<std::uint16_t>(std::atoi(port))); });
  }
  serve(static_cast<std::uint16_t>(std::atoi(port)));
}
