// What a definition may say: names, ranges, sizes. Pure.
//
// Every error is InvalidArgument and names the member, what is allowed and what was sent.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/error.h"
#include "core/model/function.h"
#include "core/registry/definitions.h"
#include "core/registry/mutation.h"

namespace convoke {

inline constexpr std::size_t kDescriptionCharactersMax = 256;
inline constexpr std::size_t kHandlerBytesMax = 128;
inline constexpr std::size_t kRoleBytesMax = 300;
inline constexpr std::size_t kEnvironmentBytesMax = 4096;  // names and values together
inline constexpr std::size_t kExtraBytesMax = 16UL << 10;  // ours: all members that we only keep

// Whether the embedding program has registered an in-process handler by this name.
using InProcessHandlers = std::function<bool(std::string_view handler)>;

// "custom", "python3", "python3.9" and the like, "in-process"; nullopt: no such runtime.
[[nodiscard]] std::optional<Runtime> parse_runtime(std::string_view name);

[[nodiscard]] Result<void> check_service_name(std::string_view name);
[[nodiscard]] Result<void> check_function_name(std::string_view name);
[[nodiscard]] Result<void> check_trigger_name(std::string_view name);
[[nodiscard]] Result<void> check_description(std::string_view text);
[[nodiscard]] Result<void> check_qualifier(std::string_view qualifier);  // "" is allowed

// Sets what was sent and checks the outcome whole: a member that was right for one runtime may be
// wrong for another.
[[nodiscard]] Result<void> apply_fields(const ServiceFields& fields, Service& service);
[[nodiscard]] Result<void> apply_fields(const FunctionFields& fields, Function& function,
                                        const InProcessHandlers& in_process);
// A function may not be its own destination: its calls would feed each other without end.
[[nodiscard]] Result<void> apply_fields(const AsyncConfigFields& fields, AsyncConfig& config);

}  // namespace convoke
