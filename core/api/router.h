// From a method and a path to an operation and the names in the path. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/api/operations.h"
#include "core/http/message.h"
#include "core/model/error.h"
#include "core/registry/directory.h"

namespace convoke {

// Whose functions are meant where a function alone is named.
inline constexpr std::string_view kServiceOfBareNames = "default";

// What names the function of a request through an http trigger; if not the path, that is all the
// function's own.
enum class NamedBy : std::uint8_t {
  kPath,
  kHeader,  // x-fc-invocation-target
  kDomain,  // a custom domain's route
};

struct Route {
  const OperationRow* row = nullptr;
  std::string service;
  std::string qualifier;  // empty: none, "SERVICE" alone
  std::string function;
  std::string trigger;
  std::string domain;
  std::string invocation;  // a stateful call's name, or a call's id
  NamedBy named_by = NamedBy::kPath;

  [[nodiscard]] Operation operation() const { return row->operation; }
};

// `path` as sent, without the query. PathNotSupported: no such operation. InvalidArgument: a name
// that no service, qualifier, function or invocation can have, or a broken escape.
[[nodiscard]] Result<Route> route(std::string_view method, std::string_view path);
// By the header x-fc-invocation-target, where there is one, which must name an http trigger's
// function (InvalidArgument); else by the path.
[[nodiscard]] Result<Route> route(const http::RequestHead& head);
// The same where there may be custom domains: a request whose Host is one goes where its routes
// say, and nowhere else. TriggerNotFound: no route fits; MethodNotAllowed: not by this method.
[[nodiscard]] Result<Route> route(const http::RequestHead& head, const Directory& directory);

}  // namespace convoke
