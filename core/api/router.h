// From a method and a path to an operation and the names in the path. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/api/operations.h"
#include "core/http/message.h"
#include "core/model/error.h"

namespace convoke {

// Whose functions are meant where a function alone is named.
inline constexpr std::string_view kServiceOfBareNames = "default";

struct Route {
  const OperationRow* row = nullptr;
  std::string service;
  std::string qualifier;  // empty: none, "SERVICE" alone
  std::string function;
  std::string trigger;
  std::string invocation;  // a stateful call's name, or a call's id
  bool by_header = false;  // x-fc-invocation-target names the function, not the path

  [[nodiscard]] Operation operation() const { return row->operation; }
};

// `path` as sent, without the query. PathNotSupported: no such operation. InvalidArgument: a name
// that no service, qualifier, function or invocation can have, or a broken escape.
[[nodiscard]] Result<Route> route(std::string_view method, std::string_view path);
// By the header x-fc-invocation-target, where there is one, which must name an http trigger's
// function (InvalidArgument); else by the path.
[[nodiscard]] Result<Route> route(const http::RequestHead& head);

}  // namespace convoke
