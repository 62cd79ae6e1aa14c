#pragma once

// The five figures of the shop.

#include <array>
#include <string_view>

namespace online_store {

struct Figures {
  double users_count = 0;   ///< Sessions that were seen within five minutes.
  double orders_count = 0;  ///< Orders within five minutes.
  double conversion = 0;    ///< Sessions of the hour that ordered, in percent of all, to two places.
  double aov = 0;           ///< The mean of the day's orders, to two places.
  double tov = 0;           ///< What the day's orders come to.

  friend bool operator==(const Figures&, const Figures&) = default;
};

struct FigureField {
  std::string_view name;  ///< On the page, at StatsD, on the dashboard.
  std::string_view help;
  double Figures::*value;
};

/// In the order of the original's page.
inline constexpr std::array figure_fields{
    FigureField{"users_count", "Sessions seen within five minutes", &Figures::users_count},
    FigureField{"orders_count", "Orders within five minutes", &Figures::orders_count},
    FigureField{"conversion", "Sessions of the hour that ordered, in percent", &Figures::conversion},
    FigureField{"aov", "Mean value of the day's orders", &Figures::aov},
    FigureField{"tov", "Total value of the day's orders", &Figures::tov},
};

}  // namespace online_store
