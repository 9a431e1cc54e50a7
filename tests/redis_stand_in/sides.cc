#include "tests/redis_stand_in/sides.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "core/model/error.h"
#include "queue/redis/command.h"
#include "queue/redis/scripts.h"

namespace convoke::stand_in {
namespace {

using redis::Reply;

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Of this century, in ms: what only a clock can have said.
bool is_time(std::string_view text) {
  return is_digits(text) && text.size() == 13 && text[0] == '1';
}

bool is_made_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  return dash == 13 && is_digits(text.substr(0, dash)) && is_digits(text.substr(dash + 1));
}

// One command's answer, in words.
class Description {
 public:
  Description(const Words& words, SeenIds& seen) : words_(words), seen_(seen) {}

  std::string of(const Reply& reply) {
    if (words_[0] == "TIME") return "a time of " + std::to_string(reply.size());
    if (words_[0] == "HGETALL") return of_sorted(reply, 2);
    if (words_[0] == "ZSCAN" && reply.is_array()) return of_sorted(reply[1], 2);
    if (words_[0] == "SMEMBERS" || is_heartbeat()) return of_sorted(reply, 1);
    if (words_[0] == "ZRANGE" && (words_[1] == "t:engines" || words_[1] == "t:beats")) {
      return of_sorted(reply, 2);
    }
    return plain(reply);
  }

 private:
  [[nodiscard]] bool is_script() const {
    return words_[0].rfind("EVAL", 0) == 0 || words_[0] == "EXEC";
  }
  [[nodiscard]] bool is_heartbeat() const {
    return is_script() && words_.size() > 1 && words_[1] == redis::scripts().heartbeat.sha1();
  }

  std::string plain(const Reply& reply) {
    switch (reply.kind()) {
      case Reply::Kind::kNil:
        return "nil";
      case Reply::Kind::kInteger:
        return ":" + time_or(std::to_string(*reply.integer()));
      case Reply::Kind::kError:
        return "-" + error(std::string(reply.text()));
      case Reply::Kind::kStatus:
        return "+" + std::string(reply.text());
      case Reply::Kind::kBulk:
        return text(std::string(reply.text()));
      case Reply::Kind::kArray:
        break;
    }
    std::string all;
    for (std::size_t i = 0; i < reply.size(); ++i) {
      all += (i == 0 ? "" : " ") + (is_idle_time(reply, i) ? "idle" : plain(reply[i]));
    }
    return "[" + all + "]";
  }

  // Redis leaves the order open: by the first of each so many.
  std::string of_sorted(const Reply& reply, std::size_t step) {
    if (!reply.is_array()) return plain(reply);
    std::vector<std::pair<std::string, std::size_t>> order;
    for (std::size_t i = 0; i < reply.size(); i += step) order.emplace_back(reply[i].text(), i);
    std::sort(order.begin(), order.end());
    std::string all;
    for (const auto& [first, at] : order) {
      all += first;
      for (std::size_t i = 1; i < step; ++i) all += "=" + plain(reply[at + i]);
      all += " ";
    }
    return "{" + all + "}";
  }

  [[nodiscard]] bool is_idle_time(const Reply& reply, std::size_t i) const {
    return words_[0] == "XPENDING" && words_.size() > 3 && reply.size() == 4 && i == 2 &&
           reply[2].kind() == Reply::Kind::kInteger;
  }
  // What a script adds to an error says where in its text; of Lua's own errors the first word.
  [[nodiscard]] std::string error(const std::string& text) const {
    return is_script() ? text.substr(0, text.find(' ')) : text;
  }
  std::string text(const std::string& bytes) {
    const std::string bare = bytes.rfind('(', 0) == 0 ? bytes.substr(1) : bytes;
    if (is_made_id(bare)) return (bare.size() < bytes.size() ? "(" : "") + seen_.name_of(bare);
    return "\"" + time_or(bytes) + "\"";
  }
  // Also as the last of several, behind a colon.
  static std::string time_or(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const std::size_t at = colon == std::string::npos ? 0 : colon + 1;
    return is_time(text.substr(at)) ? text.substr(0, at) + "now" : text;
  }

  const Words& words_;
  SeenIds& seen_;
};

}  // namespace

std::string SeenIds::name_of(const std::string& id) {
  const auto [at, fresh] = places_.emplace(id, ids_.size());
  if (fresh) ids_.push_back(id);
  return "@" + std::to_string(at->second);
}

std::string SeenIds::resolved(const std::string& reference) const {
  const bool exclusive = reference[0] == '(';
  const std::size_t place = std::stoul(reference.substr(exclusive ? 2 : 1));
  return (exclusive ? "(" : "") + ids_.at(place);
}

std::vector<std::string> Side::ask(const std::vector<Words>& batch) {
  for (Words words : batch) {
    for (std::string& word : words) {
      if (is_reference(word)) word = seen_[function_of(words)].resolved(word);
    }
    send(words);
  }
  std::vector<std::string> answers;
  answers.reserve(batch.size());
  for (const Words& words : batch) {
    answers.push_back(Description(words, seen_[function_of(words)]).of(receive()));
  }
  return answers;
}

// ---- the real server ----

RealSide::RealSide(const std::string& socket)
    : connection_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ENSURE(socket.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, socket.data(), socket.size());
  ENSURE(::connect(connection_.get(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof address) == 0);
  static_cast<void>(ask({{"FLUSHALL"}}));
}

void RealSide::pass_time() {
  const auto now = [this] {
    send({"TIME"});
    const Reply time = receive();
    return *time[0].integer() * 1000 + *time[1].integer() / 1000;
  };
  const std::int64_t before = now();
  while (now() == before) {
  }
}

void RealSide::send(const Words& words) {
  redis::Command command(words[0]);
  for (std::size_t i = 1; i < words.size(); ++i) command.arg(words[i]);
  command.append_to(unsent_);
}

Reply RealSide::receive() {
  for (; !unsent_.empty(); unsent_.clear()) {
    const auto size = static_cast<ssize_t>(unsent_.size());
    ENSURE(::send(connection_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL) == size);
  }
  char buffer[16'384];
  while (reader_.advance() != redis::ReplyReader::Step::kReply) {
    const ssize_t size = ::read(connection_.get(), buffer, sizeof buffer);
    ENSURE(size > 0);
    reader_.feed({buffer, static_cast<std::size_t>(size)});
  }
  return reader_.reply();
}

// ---- the stand-in ----

void StandInSide::send(const Words& words) {
  now_ += Millis{static_cast<std::int64_t>(rng_.below(3))};
  std::string bytes;
  append_to(bytes, commands_.execute(session_, words, now_));
  reader_.feed(bytes);
}

Reply StandInSide::receive() {
  ENSURE(reader_.advance() == redis::ReplyReader::Step::kReply);
  return reader_.reply();
}

}  // namespace convoke::stand_in
