#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>

#include "core/edge/wires.h"

namespace convoke {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kUnixPathMax = sizeof(sockaddr_un::sun_path) - 1;

Error invalid(std::string_view text, std::string_view why) {
  std::string message = "address '";
  message.append(text).append("': ").append(why);
  return Error{ErrorCode::kInvalidArgument, std::move(message)};
}

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return port;
}

Result<Address> parse_unix(std::string_view text) {
  const std::string_view path = text.substr(kUnixPrefix.size());
  if (path.empty()) return invalid(text, "the path of the Unix socket is missing");
  if (path.find('\0') != std::string_view::npos) return invalid(text, "the path holds a NUL byte");
  if (path.size() > kUnixPathMax) {
    return invalid(text, "a Unix socket's path has at most " + std::to_string(kUnixPathMax) +
                             " bytes; choose a shorter one");
  }
  return Address{Address::Kind::kUnix, std::string(path), 0};
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  if (text.substr(0, kUnixPrefix.size()) == kUnixPrefix) return parse_unix(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid(text, "expected HOST:PORT or unix:PATH");
  const auto port_number = parse_port(text.substr(colon + 1));
  if (!port_number) return invalid(text, "the port must be a number from 0 to 65535");

  std::string_view name = text.substr(0, colon);
  const bool bracketed = name.size() >= 2 && name.front() == '[' && name.back() == ']';
  if (bracketed) name = name.substr(1, name.size() - 2);
  std::string literal(name);
  if (literal.find('\0') != std::string::npos) return invalid(text, "the host holds a NUL byte");
  if (bracketed ? !is_ipv6(literal) : !is_ipv4(literal)) {
    return invalid(text, "the host must be an IPv4 address or an IPv6 address in brackets");
  }
  return Address{Kind::kTcp, std::move(literal), *port_number};
}

std::string Address::text() const {
  if (kind == Kind::kUnix) return std::string(kUnixPrefix) + host;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Address::is_loopback() const {
  if (kind == Kind::kUnix) return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace convoke
