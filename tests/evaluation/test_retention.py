"""Success by step and by age."""

import numpy as np
import pytest

from workbench.evaluation.retention import Retention, by_step

NAN = np.nan


def test_means_by_step() -> None:
    success = np.array([1, 0, 0.5, NAN, 0.25])
    np.testing.assert_array_equal(by_step(success, [1, 1, 3, 3, 5]), [0.5, NAN, 0.5, NAN, 0.25])
    np.testing.assert_array_equal(by_step(success, [1, 1, 3, 3, 5], count=3), [0.5, NAN, 0.5])
    assert by_step(np.array([]), []).shape == (0,)


def collected() -> Retention:
    retention = Retention()
    retention.add(4, np.array([0.4, 0.5, NAN, 0.9]))
    retention.add(2, np.array([0.8, 0.7]))
    return retention


def test_matrix_by_evaluation() -> None:
    retention = collected()
    assert retention.evaluated.tolist() == [2, 4]
    expected = [[0.8, 0.4], [0.7, 0.5], [NAN, NAN], [NAN, 0.9]]
    np.testing.assert_array_equal(retention.matrix(), expected)


def test_matrix_by_age() -> None:
    retention = collected()
    expected = [[NAN, 0.8, NAN, 0.4], [0.7, NAN, 0.5, NAN], [NAN] * 4, [0.9, NAN, NAN, NAN]]
    np.testing.assert_array_equal(retention.by_age(), expected)
    np.testing.assert_allclose(retention.mean_by_age(), [0.8, 0.8, 0.5, 0.4])


def test_taken_back_to_a_step() -> None:
    retention = collected()
    retention.forget_after(3)
    assert retention.matrix().tolist() == [[0.8], [0.7]]
    retention.add(2, np.array([0.6, 0.5]))
    assert retention.matrix().tolist() == [[0.6], [0.5]]


def test_empty_and_impossible() -> None:
    assert Retention().matrix().shape == Retention().by_age().shape == (0, 0)
    assert Retention().mean_by_age().shape == (0,)
    with pytest.raises(ValueError, match="3 steps are scored after step 2"):
        Retention().add(2, np.zeros(3))
