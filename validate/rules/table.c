#include "validate/rule.h"
