#include "core/loop/name_lookup.h"

#include <netdb.h>

#include <cstring>
#include <utility>
#include <vector>

#include "core/loop/socket_address.h"
#include "core/loop/uv_error.h"

namespace convoke {
namespace {

struct FreeList {
  void operator()(addrinfo* list) const { uv_freeaddrinfo(list); }
};

}  // namespace

struct NameLookup::Request {
  uv_getaddrinfo_t uv{};
  NameLookup* owner;  // null: it was let go of
};

NameLookup::NameLookup(Loop& loop, const std::string& host, std::uint16_t port, Wires::Found found)
    : host_(host), port_(port), found_(std::move(found)) {
  auto request = std::make_unique<Request>();
  request->owner = this;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  const auto done = [](uv_getaddrinfo_t* uv, int status, addrinfo* list) {
    const std::unique_ptr<addrinfo, FreeList> freed(list);
    const std::unique_ptr<Request> finished(reinterpret_cast<Request*>(uv));
    if (finished->owner != nullptr) finished->owner->on_done(status, list);
  };
  refused_ = uv_getaddrinfo(loop.uv(), &request->uv, done, host_.c_str(), nullptr, &hints);
  if (refused_ == 0) {
    request_ = request.release();
  } else {
    loop.soon(later_);
  }
}

NameLookup::~NameLookup() {
  if (request_ == nullptr) return;
  request_->owner = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&request_->uv));  // `done` runs all the same
}

void NameLookup::on_done(int status, const addrinfo* list) {
  request_ = nullptr;
  const Wires::Found found = std::move(found_);  // it may destroy us
  if (status != 0) return found(unknown(status));
  std::vector<Address> addresses;
  for (; list != nullptr && addresses.size() < Wires::kAddressesMax; list = list->ai_next) {
    SocketAddress socket;
    if (list->ai_addrlen > sizeof socket.storage) continue;
    std::memcpy(&socket.storage, list->ai_addr, list->ai_addrlen);
    socket.size = list->ai_addrlen;
    Address address = from_socket_address(socket);
    address.port = port_;
    addresses.push_back(std::move(address));
  }
  if (addresses.empty()) return found(unknown(UV_EAI_NODATA));
  found(std::move(addresses));
}

void NameLookup::on_refused() {
  const Wires::Found found = std::move(found_);
  found(unknown(refused_));
}

Error NameLookup::unknown(int status) const {
  return uv_error(status, "the name " + host_ + " cannot be resolved");
}

}  // namespace convoke
