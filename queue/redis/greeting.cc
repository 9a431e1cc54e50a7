#include "queue/redis/greeting.h"

#include <algorithm>
#include <string_view>

#include "queue/redis/command.h"

namespace convoke::redis {
namespace {

constexpr std::size_t kQuotedMax = 200;  // bytes of what a server says, in a message of ours

// A server may say back what it did not understand, a password among it.
std::string quoted(std::string_view words, const Target& target) {
  const auto holds = [&](const std::string& secret) {
    return !secret.empty() && words.find(secret) != std::string_view::npos;
  };
  if (holds(target.password)) words = words.substr(0, words.find(' '));
  if (holds(target.password)) words = "";
  std::string printable(words.substr(0, kQuotedMax));
  std::replace_if(
      printable.begin(), printable.end(), [](char c) { return c < ' '; }, ' ');
  return printable;
}

// What an operator is to do about it; empty: nothing is known.
std::string_view advice(const Reply& reply) {
  if (reply.is_error("WRONGPASS")) return "the user or the password is wrong (WRONGPASS)";
  if (reply.is_error("NOAUTH")) return "it wants a password, and none was given (NOAUTH)";
  if (reply.is_error("LOADING")) return "it is still loading its data (LOADING)";
  if (reply.is_error("MASTERDOWN")) return "it is a replica that has lost its master (MASTERDOWN)";
  if (reply.text().find("in cluster mode") != std::string_view::npos) {
    return "it is a node of a Redis Cluster, which has no database but 0: leave the database away";
  }
  return {};
}

// Neither a name nor a PING is worth failing for where an operator has not allowed it.
bool forgiven(const Reply& reply) {
  return reply.is_error("NOPERM") || reply.text().starts_with("ERR unknown");
}

}  // namespace

Greeting::Greeting(const Target& target, const std::string& name) : target_(target) {
  const auto say = [this](Step step, const Command& command) {
    command.append_to(bytes_);
    steps_.push_back(step);
  };
  if (!target.user.empty() || !target.password.empty()) {
    Command auth("AUTH");
    if (!target.user.empty()) auth.arg(target.user);
    say(Step::kAuth, auth.arg(target.password));
  }
  if (target.db != 0) say(Step::kSelect, Command("SELECT").arg(target.db));
  if (!name.empty()) say(Step::kSetName, Command("CLIENT").arg("SETNAME").arg(name));
  say(Step::kPing, Command("PING"));
}

Result<void> Greeting::take(const Reply& reply) {
  ENSURE(!done());
  const Step step = steps_[taken_++];
  if (reply.is_status(step == Step::kPing ? "PONG" : "OK")) return {};
  const bool needed = step == Step::kAuth || step == Step::kSelect;
  if (!needed && reply.is_error() && forgiven(reply)) return {};
  return refusal(step, reply);
}

Error Greeting::refusal(Step step, const Reply& reply) const {
  static constexpr std::string_view kNames[] = {"AUTH", "SELECT", "CLIENT SETNAME", "PING"};
  const std::string_view known = advice(reply);
  if (!known.empty()) return {ErrorCode::kServiceUnavailable, std::string(known)};
  std::string message = "it does not answer ";
  message.append(kNames[static_cast<std::size_t>(step)]).append(" as Redis does");
  if (reply.is_error()) message.append(": ").append(quoted(reply.text(), target_));
  return {ErrorCode::kServiceUnavailable, std::move(message)};
}

}  // namespace convoke::redis
