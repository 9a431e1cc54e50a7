// A whole conversation with the server, however its bytes were cut: what must not depend on the
// cuts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/edge/rng.h"
#include "tests/http/site.h"

namespace convoke::http {

enum class Answers : std::uint8_t { kAtOnce, kLater };

struct Conversation {
  std::string told;      // what the handler heard, in order
  std::string received;  // what the client read
  std::size_t connections_left = 0;
  std::size_t exchanges_left = 0;
  friend bool operator==(const Conversation&, const Conversation&) = default;
};

inline std::string text_of(const Request& request) {
  std::string text = request.head.method + " " + request.head.target + "\n";
  for (const Header& header : request.head.headers) {
    text += header.name + "=" + header.value + "\n";
  }
  return text + "[" + request.body + "]\n";
}

// The pieces arrive in turns of their own; then the client sends no more, and the server is left
// alone until all its timers for a client that has gone must have fired.
inline Conversation converse(const std::vector<std::string_view>& pieces, Answers answers) {
  Site site;
  site.answer_at_once = answers == Answers::kAtOnce;
  const auto peer = site.network.dial();
  const auto answer_all = [&] {
    while (site.server->exchanges_open() > 0) site.respond(Site::echo(site.requests.back()));
  };
  for (const std::string_view piece : pieces) {
    peer->send(piece);
    answer_all();
  }
  peer->end();
  answer_all();
  site.pass(Seconds{3});
  Conversation conversation;
  for (const std::string& head : site.heads) conversation.told += head + "\n";
  for (const Request& request : site.requests) conversation.told += text_of(request);
  conversation.received = peer->received();
  conversation.connections_left = site.server->connections();
  conversation.exchanges_left = site.server->exchanges_open();
  return conversation;
}

inline std::vector<std::string_view> cut_at(std::string_view bytes, std::size_t at) {
  return {bytes.substr(0, at), bytes.substr(at)};
}

inline std::vector<std::string_view> cut_into_bytes(std::string_view bytes) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i) pieces.push_back(bytes.substr(i, 1));
  return pieces;
}

inline std::vector<std::string_view> cut_at_random(std::string_view bytes, Rng& rng) {
  std::vector<std::string_view> pieces;
  while (!bytes.empty()) {
    const std::size_t most = rng.one_in(4) ? bytes.size() : std::min<std::size_t>(bytes.size(), 16);
    const std::size_t size = 1 + rng.below(most);
    pieces.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return pieces;
}

}  // namespace convoke::http
