#include "core/listening_sockets.h"

#include <fmt/format.h>

#include <utility>

namespace convoke {
namespace {

bool is_where(const Address& found, const Address& asked) {
  const bool port = asked.port == 0 || asked.port == found.port;
  return found.kind == asked.kind && found.host == asked.host && port;
}

Error elsewhere(const Address& found, const Address& asked) {
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("told to listen on {}, but a socket that was handed over listens on {}: "
                           "say the same in both places, or stop the engine and start it anew",
                           asked.text(), found.text())};
}

}  // namespace

std::vector<std::size_t> sockets_of(std::size_t shard, std::size_t shards, std::size_t sockets) {
  if (shard >= sockets) return {shard % sockets};
  std::vector<std::size_t> numbers;
  for (std::size_t number = shard; number < sockets; number += shards) numbers.push_back(number);
  return numbers;
}

Result<ListeningSockets> ListeningSockets::adopt(const Address& at,
                                                 std::vector<OwnedFd> handed_over) {
  ListeningSockets adopted;
  for (OwnedFd& descriptor : handed_over) {
    auto socket = ListeningSocket::adopt(std::move(descriptor));
    if (!socket) return std::move(socket).error();
    if (!is_where((*socket)->address(), at)) return elsewhere((*socket)->address(), at);
    adopted.sockets_.push_back(std::move(socket).value());
  }
  return adopted;
}

Result<ListeningSockets> ListeningSockets::open(const Address& at, std::vector<OwnedFd> handed_over,
                                                std::uint16_t shards) {
  auto opened = adopt(at, std::move(handed_over));
  if (!opened) return opened;
  auto& sockets = opened->sockets_;
  if (sockets.empty()) {
    if (auto is_free = ensure_not_in_use(at); !is_free) return is_free.error();
  }
  while (sockets.size() < shards && (sockets.empty() || sockets.front()->shares_port())) {
    auto another = ListeningSocket::open(sockets.empty() ? at : opened->address());
    if (!another) return std::move(another).error();
    sockets.push_back(std::move(another).value());
  }
  return opened;
}

std::vector<std::shared_ptr<ListeningSocket>> ListeningSockets::of(ShardIndex shard,
                                                                   std::uint16_t shards) const {
  std::vector<std::shared_ptr<ListeningSocket>> its;
  for (const std::size_t number : sockets_of(shard.value, shards, sockets_.size())) {
    its.push_back(sockets_[number]);
  }
  return its;
}

Result<std::vector<OwnedFd>> ListeningSockets::duplicates() const {
  std::vector<OwnedFd> copies;
  for (const auto& socket : sockets_) {
    auto copy = socket->duplicate();
    if (!copy) return std::move(copy).error();
    copies.push_back(std::move(copy).value());
  }
  return copies;
}

void ListeningSockets::leave_files() {
  for (const auto& socket : sockets_) socket->leave_file();
}

}  // namespace convoke
