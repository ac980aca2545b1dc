(; ;--;declare (declare ;; declare  \ ----( (
