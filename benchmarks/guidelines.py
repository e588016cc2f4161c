"""The earlier name of `ablate_guidelines.py`."""

import ablate_guidelines

if __name__ == "__main__":
    ablate_guidelines.main()
