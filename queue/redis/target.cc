#include "queue/redis/target.h"

#include <charconv>
#include <optional>
#include <utility>

namespace convoke::redis {
namespace {

constexpr std::string_view kTcpScheme = "redis://";
constexpr std::string_view kTlsScheme = "rediss://";
constexpr std::string_view kUnixScheme = "unix:";
constexpr std::string_view kPort = "6379";
constexpr std::string_view kLoopback = "127.0.0.1";

// Never with a piece of the text: there may be a password in it.
Error invalid(std::string_view why) {
  return Error{ErrorCode::kInvalidArgument, std::string("the address of Redis: ").append(why)};
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<unsigned> hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  const auto letter = static_cast<char>(digit | 0x20);
  if (letter >= 'a' && letter <= 'f') return static_cast<unsigned>(letter - 'a') + 10;
  return std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

Result<void> take_user(std::string_view text, Target& target) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto user = percent_decoded(text.substr(0, colon));
  const auto password = percent_decoded(text.substr(std::min(colon + 1, text.size())));
  if (!user || !password) {
    return invalid("a % in the user or password is followed by two hexadecimal digits: write %25");
  }
  if (user->size() > kUserMax || password->size() > kPasswordMax) {
    return invalid("a user has at most " + std::to_string(kUserMax) + " bytes, a password " +
                   std::to_string(kPasswordMax));
  }
  target.user = *user;
  target.password = *password;
  return {};
}

Result<void> take_database(std::string_view text, Target& target) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, target.db);
  if (error != std::errc{} || rest != end || target.db > kDatabaseMax) {
    return invalid("the database must be a number from 0 to " + std::to_string(kDatabaseMax));
  }
  return {};
}

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

// Labels of letters, digits, - and _, with dots between them. Where the last one is but digits it
// is an address, or a misspelt one.
bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > kHostNameMax) return false;
  const std::string_view last = text.substr(text.rfind('.') + 1);
  if (last.find_first_not_of("0123456789") == std::string_view::npos) return false;
  char before = '.';
  for (const char c : text) {
    const bool label_ends = c == '.' && before != '.' && before != '-';
    const bool inside = c == '_' || (c == '-' && before != '.');
    if (!is_letter_or_digit(c) && !label_ends && !inside) return false;
    before = c;
  }
  return before != '-';
}

// "127.0.0.1", "[::1]:6380", "redis.example.com".
Result<void> take_host(std::string_view text, Target& target) {
  const bool has_port = text.rfind(':') != std::string_view::npos && !text.ends_with(']');
  const std::size_t host_size = has_port ? text.rfind(':') : text.size();
  const std::string_view host = text.substr(0, host_size);
  const std::string_view port = has_port ? text.substr(host_size + 1) : kPort;
  const bool named = is_host_name(host);
  auto address = Address::parse(std::string(named ? kLoopback : host).append(":").append(port));
  if (!address || address->port == 0) {
    return invalid(
        "expected HOST[:PORT], the host a name, an IPv4 address, or an IPv6 address in brackets");
  }
  target.address = std::move(address).value();
  if (!named) return {};
  target.name = host;
  if (host != "localhost") target.address.host.clear();
  return {};
}

Result<Target> parse_tcp(std::string_view text) {
  Target target;
  // From the last @, so that no piece of a password with an unescaped one is taken for the host.
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    if (auto taken = take_user(text.substr(0, at), target); !taken) return taken.error();
    text.remove_prefix(at + 1);
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  if (auto taken = take_host(text.substr(0, slash), target); !taken) return taken.error();
  const std::string_view db = text.substr(std::min(slash + 1, text.size()));
  if (db.empty()) return target;
  if (auto taken = take_database(db, target); !taken) return taken.error();
  return target;
}

Result<Target> parse_unix(std::string_view text) {
  Target target;
  if (text.starts_with("//")) text.remove_prefix(2);
  const std::size_t question = std::min(text.find('?'), text.size());
  std::string_view query = text.substr(std::min(question + 1, text.size()));
  const std::string_view path = text.substr(0, question);
  if (!path.starts_with('/')) return invalid("the path of a Unix socket begins with /");
  auto address = Address::parse(std::string(kUnixScheme).append(path));
  if (!address) return address.error();
  target.address = std::move(address).value();
  if (query.empty()) return target;
  if (!take_prefix(query, "db=")) return invalid("after the path of a socket, only ?db=N is known");
  if (auto taken = take_database(query, target); !taken) return taken.error();
  return target;
}

}  // namespace

Result<Target> Target::parse(std::string_view text) {
  if (text.size() > kTargetTextMax) {
    return invalid("at most " + std::to_string(kTargetTextMax) + " bytes");
  }
  if (take_prefix(text, kTcpScheme)) return parse_tcp(text);
  if (take_prefix(text, kUnixScheme)) return parse_unix(text);
  if (take_prefix(text, kTlsScheme)) {
    auto target = parse_tcp(text);
    if (target) target->tls = true;
    return target;
  }
  return invalid("it begins with redis://, rediss:// or unix:");
}

Target Target::at(const Address& there) const {
  Target other = *this;
  if (there.text() == address.text()) return other;
  other.address = there;
  other.name.clear();
  return other;
}

std::string Target::text() const {
  const std::string number = std::to_string(db);
  if (address.kind == Address::Kind::kUnix) {
    return address.text() + (db == 0 ? "" : "?db=" + number);
  }
  return std::string(tls ? kTlsScheme : kTcpScheme) + (user.empty() ? "" : user + "@") +
         (name.empty() ? address.text() : name + ":" + std::to_string(address.port)) + "/" + number;
}

}  // namespace convoke::redis
