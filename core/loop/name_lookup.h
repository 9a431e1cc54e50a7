// A host's addresses, as the system knows them (files, DNS), asked for on a thread of libuv's.
//
// One that is let go of while the system is at it goes on beside the loop; only the loop's end
// waits for it, for as long as the resolver's own timeouts.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/edge/timer_wheel.h"
#include "core/edge/wires.h"
#include "core/loop/loop.h"

namespace convoke {

class NameLookup final : public Lookup {
 public:
  NameLookup(Loop& loop, const std::string& host, std::uint16_t port, Wires::Found found);
  ~NameLookup() override;
  NameLookup(const NameLookup&) = delete;  // the request holds our address
  NameLookup& operator=(const NameLookup&) = delete;

 private:
  struct Request;

  void on_done(int status, const addrinfo* list);
  void on_refused();
  [[nodiscard]] Error unknown(int status) const;

  const std::string host_;
  const std::uint16_t port_;
  Wires::Found found_;
  Request* request_ = nullptr;  // with libuv, which frees it
  int refused_ = 0;             // why it could not even be asked
  Timer later_ = timer_for<&NameLookup::on_refused>(this);
};

}  // namespace convoke
