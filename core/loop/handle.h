// Owners of libuv's handles.
//
// libuv holds a handle's address from its init until its close callback, which comes a turn after
// uv_close. So a handle lives on the heap by itself, and its owner's destructor starts the close;
// the close callback frees it. Nobody else calls uv_close.
//
// The owner stores its own address in handle->data. The destructor clears it, so a callback that
// libuv still delivers (a cancelled write, connect or shutdown) finds owner_of() null.
//
// Thread: that of the handle's loop, for everything.
#pragma once

#include <uv.h>

#include <memory>
#include <utility>

namespace convoke {

template <class Handle>
struct CloseThenFree {
  void operator()(Handle* handle) const noexcept {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }
};

// A stream knows its own kind.
template <>
inline void CloseThenFree<uv_stream_t>::operator()(uv_stream_t* handle) const noexcept {
  if (handle->type == UV_TCP) return CloseThenFree<uv_tcp_t>{}(reinterpret_cast<uv_tcp_t*>(handle));
  CloseThenFree<uv_pipe_t>{}(reinterpret_cast<uv_pipe_t*>(handle));
}

template <class Handle>
using HandleOwner = std::unique_ptr<Handle, CloseThenFree<Handle>>;

// Opens a handle into an empty `owner`; `init` is the uv_*_init call, which must leave nothing to
// close when it fails (all but uv_spawn do). Returns what `init` returned: 0 or a uv error.
//   open_handle(timer_, this, [&](uv_timer_t* timer) { return uv_timer_init(loop, timer); })
template <class Handle, class Init>
[[nodiscard]] int open_handle(HandleOwner<Handle>& owner, void* self, Init&& init) {
  auto fresh = std::make_unique<Handle>();
  fresh->data = self;
  const int status = std::forward<Init>(init)(fresh.get());
  if (status == 0) owner.reset(fresh.release());
  return status;
}

// Whom a callback is for; null once the owner has gone.
template <class Owner, class Handle>
[[nodiscard]] Owner* owner_of(const Handle* handle) {
  return static_cast<Owner*>(handle->data);
}

}  // namespace convoke
